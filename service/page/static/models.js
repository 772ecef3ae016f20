// The cards of the models: their buttons become events of the page.
const catalogue = element.querySelector(".catalogue");
watch("value", () => {
  const agreed = new Set([...catalogue.querySelectorAll(".agree:checked")].map((each) => each.closest(".card").dataset.name));
  const at = document.activeElement?.dataset?.deed ? document.activeElement.dataset : null;
  catalogue.innerHTML = props.value;
  for (const each of catalogue.querySelectorAll(".agree")) each.checked = agreed.has(each.closest(".card").dataset.name);
  if (at) catalogue.querySelector(`[data-deed="${at.deed}"][data-name="${at.name}"]`)?.focus();
});
catalogue.addEventListener("click", (event) => {
  const button = event.target.closest("[data-deed]");
  if (!button) return;
  const agreed = Boolean(button.closest(".card").querySelector(".agree")?.checked);
  const event_of = { pull: "pull", choose: "choose", halt: "halt" }[button.dataset.deed];
  trigger(event_of, { name: button.dataset.name, agreed });
  if (event_of === "choose") window.warta.said(button, window.warta.words.chosen);
});
if (props.value) catalogue.innerHTML = props.value;
