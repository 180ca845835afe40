-- AlterTable
ALTER TABLE "org_looks" ADD COLUMN     "logo_height" INTEGER,
ADD COLUMN     "logo_version" TEXT,
ADD COLUMN     "logo_width" INTEGER;

-- A PNG's width and height stand in four bytes each from 16 on; none is larger than two of them say.
UPDATE "org_looks" SET
  "logo_width" = get_byte("logo", 18) * 256 + get_byte("logo", 19),
  "logo_height" = get_byte("logo", 22) * 256 + get_byte("logo", 23),
  "logo_version" = left(encode(sha256("logo"), 'hex'), 16)
WHERE "logo" IS NOT NULL;
