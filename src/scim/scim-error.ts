/** The error types of RFC 7644 §3.12, which stand beside the status. */
export type ScimType =
  | 'invalidFilter'
  | 'invalidPath'
  | 'invalidSyntax'
  | 'invalidValue'
  | 'mutability'
  | 'noTarget'
  | 'tooMany'
  | 'uniqueness';

/**
 * A refusal in SCIM's own terms. `detail` is shown to the client; `attribute` is what it is about,
 * for the record.
 */
export class ScimError extends Error {
  readonly status: number;
  readonly scimType: ScimType | null;
  readonly detail: string;
  readonly attribute: string | null;
  constructor(status: number, scimType: ScimType | null, detail: string, attribute: string | null = null) {
    super(detail);
    this.name = 'ScimError';
    this.status = status;
    this.scimType = scimType;
    this.detail = detail;
    this.attribute = attribute;
  }
}
