import { AppError } from '../errors.ts';

/** Bytes, and pixels of a side, of the picture that is given. */
export const mostBytes = 1_048_576;
export const mostSide = 4_096;
/** The logo that is made of it fits into this. */
export const logoBox = { width: 480, height: 160 } as const;

/** By their first bytes: no other format, and so no SVG, ever reaches a decoder. */
const isRaster = (bytes: Buffer): boolean =>
  bytes.subarray(0, 8).equals(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')) ||
  bytes.subarray(0, 3).equals(Buffer.from('\xff\xd8\xff', 'latin1')) ||
  (bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP');

/**
 * Decodes a picture that somebody uploaded and makes a PNG anew from its pixels: nothing else of
 * the file is kept (metadata, other frames, whatever is appended). @throws AppError invalid_request
 */
export async function remakeLogo(bytes: Buffer): Promise<Buffer> {
  if (bytes.length > mostBytes) throw unfit(`is larger than ${mostBytes / 1_048_576} MB`);
  if (!isRaster(bytes)) throw unfit('is no PNG, JPEG or WebP');
  // The decoder is native code, and few processes ever need it.
  const { default: sharp } = await import('sharp');
  // The header tells the size before a pixel is decoded: a small file can hold very many.
  const picture = sharp(bytes, { limitInputPixels: mostSide * mostSide, pages: 1 }).timeout({ seconds: 10 });
  try {
    const { width, height } = await picture.metadata();
    if (width > mostSide || height > mostSide) throw unfit(`has a side of more than ${mostSide} pixels`);
    return await picture
      .autoOrient()
      .resize({ ...logoBox, fit: 'inside', withoutEnlargement: true })
      .png({ compressionLevel: 9 })
      .toBuffer();
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw unfit('cannot be read: it is broken, or too large', error);
  }
}

const unfit = (why: string, cause?: unknown) =>
  new AppError('invalid_request', `The picture ${why}. Take a PNG, JPEG or WebP of at most 1 MB and 4096 pixels.`, {
    cause,
  });
