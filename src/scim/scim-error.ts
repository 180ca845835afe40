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

/** What the record says of a refusal. Its events can't change: no text of the request belongs there. */
type OnRecord = Readonly<{
  /** Where `detail` quotes the request or names people: the same without that. */
  explanation?: string;
  /** The id of the person who has what was asked for. */
  bearer?: string | null;
}>;

/** A refusal in SCIM's own terms. `detail` is shown to the client; `attribute` is what it is about. */
export class ScimError extends Error {
  readonly status: number;
  readonly scimType: ScimType | null;
  readonly detail: string;
  readonly attribute: string | null;
  readonly onRecord: OnRecord;
  constructor(
    status: number,
    scimType: ScimType | null,
    detail: string,
    attribute: string | null = null,
    onRecord: OnRecord = {},
  ) {
    super(detail);
    this.name = 'ScimError';
    this.status = status;
    this.scimType = scimType;
    this.detail = detail;
    this.attribute = attribute;
    this.onRecord = onRecord;
  }
}
