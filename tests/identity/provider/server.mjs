// A real OpenID provider on loopback, for the tests of the sign-in.
//
//   node server.mjs NODE_MODULES CLIENT_ID CLIENT_SECRET REDIRECT_URI POST_LOGOUT_URI ALGORITHM
//
// Prints its issuer on the first line. Whoever types a name in its form is that person; an acr typed
// beside it is granted. POST /test/rotate replaces the signing key.

import { createServer } from "node:http";
import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { parse } from "node:querystring";
import { pathToFileURL } from "node:url";

const [modules, clientId, clientSecret, redirectUri, postLogoutUri, algorithm] = process.argv.slice(2);
const { default: Provider } = await import(pathToFileURL(join(modules, "oidc-provider", "lib", "index.js")));

let generation = 0;
function signingKey() {
  generation += 1;
  const { privateKey } = algorithm === "ES256"
    ? generateKeyPairSync("ec", { namedCurve: "P-256" })
    : generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), kid: `key-${generation}`, use: "sig", alg: algorithm };
}

function providerFor(issuer) {
  const provider = new Provider(issuer, {
    jwks: { keys: [signingKey()] },
    clients: [{
      client_id: clientId,
      client_secret: clientSecret,
      redirect_uris: [redirectUri],
      post_logout_redirect_uris: [postLogoutUri],
      token_endpoint_auth_method: "client_secret_post",
      id_token_signed_response_alg: algorithm,
      userinfo_signed_response_alg: algorithm,
      require_auth_time: true,
    }],
    acrValues: ["eidas1", "eidas0"],
    claims: { openid: ["sub", "acr", "auth_time"], email: ["email"], given_name: ["given_name"], usual_name: ["usual_name"] },
    scopes: ["openid", "email", "given_name", "usual_name"],
    conformIdTokenClaims: true,
    pkce: { required: () => true },
    features: {
      devInteractions: { enabled: false },
      jwtUserinfo: { enabled: true },
      rpInitiatedLogout: { enabled: true },
    },
    enabledJWA: {
      idTokenSigningAlgValues: ["RS256", "ES256"],
      userinfoSigningAlgValues: ["RS256", "ES256"],
    },
    cookies: { keys: ["a key of the tests"] },
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    ttl: { AccessToken: 60, IdToken: 60, Interaction: 600, Session: 600, Grant: 600 },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: `${id}@example.org`, given_name: id, usual_name: id }),
    }),
    // Nobody is asked to consent: the person signs in to a tool of their own administration.
    loadExistingGrant: async (context) => {
      const grant = new context.oidc.provider.Grant({
        clientId: context.oidc.client.clientId,
        accountId: context.oidc.session.accountId,
      });
      grant.addOIDCScope("openid email given_name usual_name");
      await grant.save();
      return grant;
    },
  });
  return provider;
}

async function body(request) {
  let text = "";
  for await (const chunk of request) text += chunk;
  return parse(text);
}

async function interaction(provider, request, response) {
  if (request.method !== "POST") {
    response.setHeader("Content-Type", "text/html; charset=utf-8");
    response.end('<form method="post"><input name="account"><input name="acr"><button>ok</button></form>');
    return;
  }
  const { account, acr } = await body(request);
  const result = account
    ? { login: { accountId: account, acr: acr || "eidas1" } }
    : { error: "access_denied", error_description: "the person gave up" };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

let provider;
let callback;
const server = createServer(async (request, response) => {
  if (request.url.startsWith("/interaction/")) {
    await interaction(provider, request, response);
  } else if (request.url === "/test/rotate") {
    install();
    response.end("rotated");
  } else {
    callback(request, response);
  }
});

function install() {
  provider = providerFor(`http://127.0.0.1:${server.address().port}`);
  callback = provider.callback();
}

server.listen(0, "127.0.0.1", () => {
  install();
  console.log(provider.issuer);
});
process.on("SIGTERM", () => process.exit(0));
