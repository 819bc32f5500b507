// The code in the square of a letter: kept on this device until its form is sent.
(function () {
  var KEY = "koda";
  var KEPT_MS = 7 * 24 * 3600 * 1000;
  var LONGEST = 64;
  var ready = document.getElementById("code-ready"); // on the registration page
  var filled = document.getElementById("code-filled"); // where a customer is linked
  var field = document.getElementById("code");
  function forget() {
    try { localStorage.removeItem(KEY); } catch (closed) { /* then nothing was kept */ }
  }
  function keep() {
    var found = /^#koda=(.+)$/.exec(location.hash);
    if (!found) { return; }
    history.replaceState(null, "", location.pathname + location.search);
    try {
      var code = decodeURIComponent(found[1]);
      if (code.length <= LONGEST) {
        localStorage.setItem(KEY, JSON.stringify({ code: code, at: Date.now() }));
      }
    } catch (closed) { /* the letter says to type it */ }
  }
  function kept() {
    try {
      var found = JSON.parse(localStorage.getItem(KEY));
      if (found && typeof found.code === "string" && Date.now() - found.at < KEPT_MS) {
        return found.code;
      }
    } catch (closed) { return ""; }
    forget();
    return "";
  }
  if (ready) {
    keep();
    ready.hidden = !kept();
  }
  if (filled && field) {
    var code = kept();
    if (code && !field.value) {
      field.value = code;
      filled.hidden = false;
    }
    field.form.addEventListener("submit", forget);
  }
})();
