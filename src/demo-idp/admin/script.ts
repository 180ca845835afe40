/** The console's only script. Without it the menu's links lead to pages with the same forms. */
export const script = `
const menu = document.querySelector('details.menu');
const closeMenu = () => { if (menu) menu.open = false };
menu?.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape' || !menu.open) return;
  closeMenu();
  menu.querySelector('summary').focus();
});
menu?.addEventListener('focusout', (event) => {
  if (event.relatedTarget && !menu.contains(event.relatedTarget)) closeMenu();
});
document.addEventListener('pointerdown', (event) => { if (!menu?.contains(event.target)) closeMenu() });

for (const link of document.querySelectorAll('a[data-dialog]')) {
  const dialog = document.getElementById(link.dataset.dialog);
  link.addEventListener('click', (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    closeMenu();
    // A closing dialog gives the focus back to this element.
    menu.querySelector('summary').focus();
    dialog.showModal();
  });
}
for (const dialog of document.querySelectorAll('dialog')) {
  dialog.addEventListener('close', () => dialog.querySelector('form').reset());
  dialog.querySelector('[data-cancel]').addEventListener('click', () => dialog.close());
}
// The app may answer slowly: one click is one call.
for (const form of document.forms) {
  form.addEventListener('submit', () => {
    for (const button of form.querySelectorAll('button')) button.disabled = true;
    form.setAttribute('aria-busy', 'true');
  });
}
addEventListener('pageshow', () => {
  for (const button of document.querySelectorAll('form button')) button.disabled = false;
});
`;
