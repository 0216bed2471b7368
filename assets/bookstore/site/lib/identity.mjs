// Who is shopping: an account in the Cognito user pool, and for it temporary
// credentials from the identity pool. Both live in one Region, whichever Region
// serves the shop: what was fetched is kept until it expires. `endpoints` stand in
// for Cognito's own addresses, where those do not lead to it.

const SOON_MS = 60_000;
const KEPT = 'bookstore.session';

/** `us-east-1_abc` and `us-east-1:…` begin with the Region of their pool. */
const regionOf = (id) => id.split(/[_:]/)[0];

export function createIdentity({ signIn, fetch, storage, now = Date.now }) {
  const { clientId, userPoolId, identityPoolId, endpoints = {} } = signIn;
  const provider = `cognito-idp.${regionOf(userPoolId)}.amazonaws.com`;
  const issuer = `${provider}/${userPoolId}`;
  const pools = endpoints.userPool ?? `https://${provider}/`;
  const federation = endpoints.identityPool ?? `https://cognito-identity.${regionOf(identityPoolId)}.amazonaws.com/`;
  let session = JSON.parse(storage.getItem(KEPT) ?? 'null');
  let credentials = null;

  async function call(address, target, input) {
    const reply = await fetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target },
      body: JSON.stringify(input),
    });
    const answer = await reply.json().catch(() => ({}));
    if (!reply.ok) {
      throw Object.assign(new Error(answer.message ?? `Sign-in answered ${reply.status}.`), { name: answer.__type ?? 'Error' });
    }
    return answer;
  }
  const pool = (name, input) =>
    call(pools, `AWSCognitoIdentityProviderService.${name}`, { ClientId: clientId, ...input });
  const federated = (name, input) => call(federation, `AWSCognitoIdentityService.${name}`, input);

  function keep(email, { AuthenticationResult: result }) {
    if (!result) throw new Error('This account needs a step that the page does not offer, such as a new password.');
    session = {
      email,
      idToken: result.IdToken,
      // A refresh gives no new refresh token.
      refreshToken: result.RefreshToken ?? session?.refreshToken,
      until: now() + result.ExpiresIn * 1000,
    };
    storage.setItem(KEPT, JSON.stringify(session));
  }

  function forget() {
    session = null;
    credentials = null;
    storage.removeItem(KEPT);
  }

  async function idToken() {
    if (now() < session.until - SOON_MS) return session.idToken;
    const { email, refreshToken } = session;
    try {
      const AuthParameters = { REFRESH_TOKEN: refreshToken };
      keep(email, await pool('InitiateAuth', { AuthFlow: 'REFRESH_TOKEN_AUTH', AuthParameters }));
    } catch (error) {
      // A token that was refused will be refused again; an outage passes.
      if (error.name === 'NotAuthorizedException') forget();
      throw error;
    }
    return session.idToken;
  }

  return {
    get email() { return session?.email ?? null; },
    signUp: (email, password) => pool('SignUp', {
      Username: email, Password: password, UserAttributes: [{ Name: 'email', Value: email }],
    }),
    confirm: (email, code) => pool('ConfirmSignUp', { Username: email, ConfirmationCode: code }),
    async signIn(email, password) {
      credentials = null;
      const AuthParameters = { USERNAME: email, PASSWORD: password };
      keep(email, await pool('InitiateAuth', { AuthFlow: 'USER_PASSWORD_AUTH', AuthParameters }));
    },
    signOut: forget,
    /** Credentials of who is signed in, or null. `stale` means that AWS has refused the last ones. */
    async credentials(stale = false) {
      if (!session) return null;
      if (!stale && credentials && now() < credentials.until - SOON_MS) return credentials;
      let Logins = { [issuer]: await idToken() };
      const getId = () => federated('GetId', { IdentityPoolId: identityPoolId, Logins });
      const { IdentityId } = await getId().catch(async (error) => {
        // Cognito's clock decides when a token has ended, and this machine's may be slow.
        if (error.name !== 'NotAuthorizedException') throw error;
        session.until = 0;
        Logins = { [issuer]: await idToken() };
        return getId();
      });
      const { Credentials: given } = await federated('GetCredentialsForIdentity', { IdentityId, Logins });
      credentials = {
        accessKeyId: given.AccessKeyId,
        secretAccessKey: given.SecretKey,
        sessionToken: given.SessionToken,
        until: given.Expiration * 1000,
      };
      return credentials;
    },
  };
}
