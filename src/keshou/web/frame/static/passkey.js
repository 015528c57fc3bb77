// SPDX-License-Identifier: Apache-2.0
// Lets a browser that has passkeys sign in, prove or make one by them; without a script nothing of it is shown.
(() => {
  const buttons = document.querySelectorAll("[data-passkey]");
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) return;
  const send = async (path, body) => {
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body ?? {}) });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  };
  const show = async (options, path) => {
    const { options: asked } = await send(options);
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(asked);
    const answer = await navigator.credentials.get({ publicKey });
    await send(path, { answer: answer.toJSON() });
    document.getElementById("k-go-on").requestSubmit();
  };
  const ways = {
    "sign-in": () => show("/api/v1/sign-in/passkey/options", "/api/v1/sign-in/passkey"),
    proof: () => show("/api/v1/session/proof/passkey/options", "/api/v1/session/proof/passkey"),
    make: async (button) => {
      const { options: asked } = await send("/api/v1/session/passkeys/options");
      const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(asked);
      const made = await navigator.credentials.create({ publicKey });
      await send("/api/v1/session/passkeys", { answer: made.toJSON(), label: button.dataset.label });
      location.assign(button.dataset.to);
    },
  };
  for (const button of buttons) {
    const wrong = button.parentElement.querySelector("[role=alert]");
    button.parentElement.hidden = false;
    button.addEventListener("click", async () => {
      wrong.hidden = true;
      button.disabled = true;
      try { await ways[button.dataset.passkey](button); } catch { wrong.hidden = false; }
      button.disabled = false;
    });
  }
})();
