/** The addresses that an identity provider's administrator enters there. */
export function orgLinks(publicUrl: string, slug: string) {
  return {
    signInUrl: `${publicUrl}/openid/start/${slug}`,
    callbackUrl: `${publicUrl}/openid/callback/${slug}`,
    signedOutUrl: `${publicUrl}/signed-out`,
    revocationEndpoint: `${publicUrl}/global-token-revocation`,
    backchannelLogoutUrl: `${publicUrl}/openid/backchannel-logout/${slug}`,
    frontchannelLogoutUrl: `${publicUrl}/openid/frontchannel-logout/${slug}`,
  };
}

/** The address that is for this connection's identity provider alone. */
export function ownEndpoint(publicUrl: string, connectionId: string): string {
  return `${publicUrl}/global-token-revocation/${connectionId}`;
}
