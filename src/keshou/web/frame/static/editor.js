// SPDX-License-Identifier: Apache-2.0
// Goes from a finding to its line in the text; without a script the finding shows its line itself.
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-line]"), text = document.getElementById("k-text");
  if (!link || !text) return;
  event.preventDefault();
  const lines = text.value.split("\n"), line = Number(link.dataset.line) - 1;
  const start = lines.slice(0, line).reduce((sum, each) => sum + each.length + 1, 0);
  text.focus();
  text.setSelectionRange(start, start + (lines[line] || "").length);
  text.scrollTop = Math.max(0, (line - 5) * (text.scrollHeight / lines.length));
});
