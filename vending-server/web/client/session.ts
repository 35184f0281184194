/** Who is signed in, as the server answers it. */
export interface Session {
  readonly userId: string;
  readonly name: string;
  readonly vendorId: string | null;
  readonly permissions: readonly string[];
  readonly csrfToken: string;
}
