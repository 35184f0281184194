/** The ways out, as the domain sees them; the real ones stand in `outbound/`, tests bring their own. */

/** How one attempt ended. Reasons are names, never texts: what a far end answers may hold anything. */
export type SendOutcome =
  | { readonly kind: 'delivered' }
  /** Worth trying again. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** Trying again would change nothing. */
  | { readonly kind: 'refused'; readonly reason: string };

export interface Message {
  /** The same at every attempt. */
  readonly notificationId: string;
  readonly kind: string;
  /** A phone number or an e-mail address. */
  readonly to: string;
  /** null for a short message. */
  readonly subject: string | null;
  readonly text: string;
}

/** SMS or e-mail. */
export interface MessagePort {
  send(message: Message): Promise<SendOutcome>;
}

export interface WebhookPort {
  post(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<SendOutcome>;
}
