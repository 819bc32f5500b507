// The keys 1 to 9 press the buttons beside the likely customers; the keys show only where they work.
(function () {
  var box = document.getElementById("keys");
  var buttons = document.querySelectorAll("[data-key]");
  var isPressed = false;
  if (!box || !buttons.length) { return; }

  function kept() {
    try { return window.localStorage.getItem("tray-keys"); } catch (refused) { return null; }
  }
  function keep(value) {
    try { window.localStorage.setItem("tray-keys", value); } catch (refused) { /* until the page is left */ }
  }
  function show() {
    for (var i = 0; i < buttons.length; i += 1) {
      buttons[i].querySelector("kbd").hidden = !box.checked;
      if (box.checked) {
        buttons[i].setAttribute("aria-keyshortcuts", buttons[i].getAttribute("data-key"));
      } else {
        buttons[i].removeAttribute("aria-keyshortcuts");
      }
    }
  }
  function isTyping(element) {
    return element && element !== box &&
      (/^(input|select|textarea)$/i.test(element.tagName) || element.isContentEditable);
  }

  box.checked = kept() !== "off";
  document.getElementById("keys-choice").hidden = false;
  show();
  box.addEventListener("change", function () {
    keep(box.checked ? "on" : "off");
    show();
  });
  // The way back in history may show the same page again, still in memory.
  window.addEventListener("pageshow", function () { isPressed = false; });
  document.addEventListener("keydown", function (event) {
    var place = "123456789".indexOf(event.key);
    if (!box.checked || isPressed || event.key.length !== 1 || place < 0 || place >= buttons.length) { return; }
    if (event.repeat || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) { return; }
    if (isTyping(document.activeElement)) { return; }
    event.preventDefault();
    isPressed = true;
    buttons[place].click();
  });
})();
