// A form to sign in to Swagger UI: as the user demo with one button, or with e-mail and password, if the
// server has these ways to sign in. The session is in a cookie that no script can read. This script gets
// a short-lived access token from the session, gives it to Swagger UI, and renews it before it expires.
"use strict";

(() => {
  const SCHEME = "bearerAuth";
  /** How long before its expiry a token is renewed, in milliseconds. */
  const RENEW_BEFORE = 60_000;
  /** The longest delay that a timer accepts, in milliseconds. */
  const TIMER_MAX = 2 ** 31 - 1;

  const panel = element("section", { className: "taskwire-sign-in" });
  panel.setAttribute("aria-label", "Sign in");
  const note = element("p", { className: "taskwire-note" });
  note.setAttribute("role", "status");

  let methods = { email_password: false, demo: false };
  let timer;
  let renewAt = Infinity;

  function element(name, properties, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  }

  /** Calls an operation under /api/auth. An error response becomes an error with its reason. */
  async function call(path, body) {
    const options = { headers: { accept: "application/json" } };
    if (body) {
      options.method = "POST";
      options.headers["content-type"] = "application/json";
      options.body = JSON.stringify(body);
    }
    let response;
    try {
      response = await fetch(`/api/auth/${path}`, options);
    } catch {
      throw Object.assign(new Error("the server cannot be reached"), { status: 0 });
    }
    const result = await response.json().catch(() => null);
    if (!response.ok) {
      const first = result?.errors?.[0];
      const reason = first ? `${first.field} ${first.message}` : (result?.detail ?? response.statusText);
      throw Object.assign(new Error(reason), { status: response.status });
    }
    return result;
  }

  function claims(token) {
    const part = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(part), (letter) => letter.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  }

  /** Swagger UI accepts a token only after it has read the contract. */
  async function authorize(token) {
    while (!window.ui?.specSelectors.specJson().hasIn(["components", "securitySchemes", SCHEME])) {
      await new Promise((done) => setTimeout(done, 100));
    }
    window.ui.preauthorizeApiKey(SCHEME, token);
  }

  /** Gets a token, gives it to Swagger UI, and plans the next renewal. */
  async function renew() {
    clearTimeout(timer);
    renewAt = Infinity;
    try {
      const { token } = await call("token");
      const { exp, iat, sub } = claims(token);
      await authorize(token);
      // Use the lifetime and not `exp`, because the clock of this machine may be wrong.
      const lifetime = (exp - iat) * 1000;
      plan(Math.max(lifetime - RENEW_BEFORE, lifetime / 2));
      return sub;
    } catch (error) {
      if (error.status === 401) {
        window.ui?.authActions.logout([SCHEME]);
        showSignIn("The session has ended; sign in again.");
      } else {
        plan(5_000);
      }
      return null;
    }
  }

  function plan(wait) {
    renewAt = Date.now() + wait;
    timer = setTimeout(renew, Math.min(wait, TIMER_MAX));
  }

  /** A timer does not run while the machine sleeps, so renew when the page becomes visible. */
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && Date.now() >= renewAt) {
      void renew();
    }
  });

  /** Writes the user id into the examples of the contract, with which Swagger UI fills its fields. */
  function setUserId(userId) {
    const contract = window.ui.specSelectors.specJson().toJS();
    for (const item of Object.values(contract.paths)) {
      for (const operation of Object.values(item)) {
        for (const parameter of operation.parameters ?? []) {
          if (parameter.in === "path" && parameter.name === "user_id") {
            parameter.example = userId;
          }
        }
      }
    }
    window.ui.specActions.updateJsonSpec(contract);
  }

  async function signIn(path, body) {
    note.textContent = "Signing in…";
    panel.inert = true;
    try {
      await call(path, body);
      await resume();
    } catch (error) {
      note.textContent = `Not signed in: ${error.message}`;
    } finally {
      panel.inert = false;
    }
  }

  /** Continues the existing session; returns whether there is one. */
  async function resume() {
    const current = await call("get-session");
    if (!current) {
      return false;
    }
    const userId = await renew();
    if (userId === null) {
      return false;
    }
    setUserId(userId);
    showSignedIn(current.user, userId);
    return true;
  }

  async function signOut() {
    clearTimeout(timer);
    renewAt = Infinity;
    try {
      await call("sign-out", {});
    } catch (error) {
      note.textContent = `Not signed out: ${error.message}`;
      return;
    }
    window.ui.authActions.logout([SCHEME]);
    showSignIn("Signed out.");
  }

  function showSignedIn(user, userId) {
    const out = element("button", { type: "button", className: "btn", textContent: "Sign out", onclick: signOut });
    const who = element("p", {}, "Signed in as ", element("strong", { textContent: user.name }), ", user id ");
    who.append(element("code", { textContent: userId }));
    note.textContent = "Every request below carries your token; it renews itself.";
    panel.replaceChildren(who, out, note);
  }

  function showSignIn(message) {
    note.textContent = message;
    const parts = [];
    if (methods.demo) {
      const demo = element("button", {
        type: "button",
        className: "btn authorize",
        textContent: "Sign in as demo",
        onclick: () => signIn("sign-in/demo", {}),
      });
      parts.push(demo);
    }
    if (methods.email_password) {
      const email = element("input", { type: "email", name: "email", autocomplete: "username", required: true });
      const password = element("input", {
        type: "password",
        name: "password",
        autocomplete: "current-password",
        required: true,
        maxLength: 128,
      });
      const form = element(
        "form",
        {},
        element("label", {}, "E-mail ", email),
        element("label", {}, "Password ", password),
        element("button", { type: "submit", className: "btn", textContent: "Sign in" }),
      );
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        void signIn("sign-in/email", { email: email.value, password: password.value }).then(() => {
          password.value = "";
        });
      });
      parts.push(form);
    }
    panel.replaceChildren(...parts, note);
  }

  async function begin() {
    methods = await call("methods");
    if (!methods.demo && !methods.email_password) {
      return;
    }
    document.getElementById("swagger-ui").before(panel);
    if (!(await resume())) {
      showSignIn(note.textContent);
    }
  }

  // Without accounts, the Authorize dialog still accepts a token.
  window.addEventListener("load", () => void begin().catch(() => panel.remove()));
})();
