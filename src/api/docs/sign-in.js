// Signing in within Swagger UI: as the demo user with one press of a button, or with e-mail and
// password, where the server says that it can be done. The session is in a cookie that no script
// can read; what is authorized here is its short-lived access token, renewed before it ends.
"use strict";

(() => {
  const SCHEME = "bearerAuth";
  /** How long before its end a token is renewed, in milliseconds. */
  const AHEAD = 60_000;
  /** The longest wait that a timer can be set to. */
  const LONGEST = 2 ** 31 - 1;

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

  /** Asks the server; an answer that says no is an error with its reason. */
  async function ask(path, body) {
    const options = { headers: { accept: "application/json" } };
    if (body) {
      options.method = "POST";
      options.headers["content-type"] = "application/json";
      options.body = JSON.stringify(body);
    }
    let answer;
    try {
      answer = await fetch(`/api/auth/${path}`, options);
    } catch {
      throw Object.assign(new Error("the server cannot be reached"), { status: 0 });
    }
    const told = await answer.json().catch(() => null);
    if (!answer.ok) {
      const first = told?.errors?.[0];
      const reason = first ? `${first.field} ${first.message}` : (told?.detail ?? answer.statusText);
      throw Object.assign(new Error(reason), { status: answer.status });
    }
    return told;
  }

  function claims(token) {
    const part = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(part), (letter) => letter.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  }

  /** Swagger UI takes a token only once it has read the contract. */
  async function authorize(token) {
    while (!window.ui?.specSelectors.specJson().hasIn(["components", "securitySchemes", SCHEME])) {
      await new Promise((done) => setTimeout(done, 100));
    }
    window.ui.preauthorizeApiKey(SCHEME, token);
  }

  /** Gets a token, authorizes it, and sees to the next one. */
  async function renew() {
    clearTimeout(timer);
    renewAt = Infinity;
    try {
      const { token } = await ask("token");
      const { exp, iat, sub } = claims(token);
      await authorize(token);
      // By the life that it says it has, for the clock here may be wrong.
      const life = (exp - iat) * 1000;
      plan(Math.max(life - AHEAD, life / 2));
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
    timer = setTimeout(renew, Math.min(wait, LONGEST));
  }

  /** While a machine sleeps, timers do too. */
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && Date.now() >= renewAt) {
      void renew();
    }
  });

  /** Writes the user id into the contract's examples, from which Swagger UI fills its fields. */
  function fillIn(userId) {
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
      await ask(path, body);
      await resume();
    } catch (error) {
      note.textContent = `Not signed in: ${error.message}`;
    } finally {
      panel.inert = false;
    }
  }

  /** Goes on with the session that there is, if there is one. */
  async function resume() {
    const current = await ask("get-session");
    if (!current) {
      return false;
    }
    const userId = await renew();
    if (userId === null) {
      return false;
    }
    fillIn(userId);
    showSignedIn(current.user, userId);
    return true;
  }

  async function signOut() {
    clearTimeout(timer);
    renewAt = Infinity;
    try {
      await ask("sign-out", {});
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

  function showSignIn(word) {
    note.textContent = word;
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
    methods = await ask("methods");
    if (!methods.demo && !methods.email_password) {
      return;
    }
    document.getElementById("swagger-ui").before(panel);
    if (!(await resume())) {
      showSignIn(note.textContent);
    }
  }

  // Where there is nothing to sign in to, Authorize takes a token as ever.
  window.addEventListener("load", () => void begin().catch(() => panel.remove()));
})();
