import sharp from 'sharp';

/** A picture of one colour, such as somebody uploads as a logo. */
export function picture(
  format: 'png' | 'jpeg' | 'webp' | 'gif',
  { width = 40, height = 20, background = '#2f3f9e' } = {},
): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 3, background } })
    .toFormat(format)
    .toBuffer();
}
