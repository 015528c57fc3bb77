// SPDX-License-Identifier: Apache-2.0
// What somebody typed or chose before the page listened counts as typed now. Comes after htmx, which begins in a timer.
setTimeout(() => {
  for (const form of document.querySelectorAll("[data-typed]")) {
    for (const field of form.elements) {
      const chosen = field.options && Array.from(field.options).find((each) => each.defaultSelected);
      const before = field.options ? (chosen ?? field.options[0]).value : field.defaultValue;
      if (field.type !== "hidden" && before !== undefined && field.value !== before) {
        field.dispatchEvent(new Event("input", { bubbles: true }));
      }
    }
  }
});
