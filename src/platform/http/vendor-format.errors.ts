/** An error of the endpoint that imitates the vendor's: answered exactly as the vendor's page shows it. */
export class VendorFormatError extends Error {
  override readonly name = 'VendorFormatError';

  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}
