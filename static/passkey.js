// Makes or uses a passkey: the form shows itself only where the browser knows them.
(function () {
  var form = document.querySelector("form[data-passkey]");
  if (!form || !window.PublicKeyCredential || !navigator.credentials) { return; }
  var kind = form.getAttribute("data-passkey"); // create or get
  var trouble = form.querySelector("[data-trouble]");
  var waiting = false;
  function bytes(text) {
    var raw = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    var found = new Uint8Array(raw.length);
    for (var i = 0; i < raw.length; i += 1) { found[i] = raw.charCodeAt(i); }
    return found;
  }
  function text(buffer) {
    var raw = "";
    var found = new Uint8Array(buffer);
    for (var i = 0; i < found.length; i += 1) { raw += String.fromCharCode(found[i]); }
    return btoa(raw).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }
  function asked() {
    var options = JSON.parse(form.getAttribute("data-options"));
    var parse = kind === "create" ? "parseCreationOptionsFromJSON" : "parseRequestOptionsFromJSON";
    if (PublicKeyCredential[parse]) { return PublicKeyCredential[parse](options); }
    options.challenge = bytes(options.challenge);
    if (options.user) { options.user.id = bytes(options.user.id); }
    var known = options.excludeCredentials || options.allowCredentials || [];
    for (var i = 0; i < known.length; i += 1) { known[i].id = bytes(known[i].id); }
    return options;
  }
  function answer(found) {
    var response = {};
    var parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature"];
    parts.forEach(function (name) {
      if (found.response[name]) { response[name] = text(found.response[name]); }
    });
    return JSON.stringify({
      id: found.id, rawId: text(found.rawId), type: found.type, response: response
    });
  }
  form.addEventListener("submit", function (event) {
    // What is missing elsewhere in the form the server says, before a passkey is made in vain.
    if (!form.checkValidity()) { return; }
    event.preventDefault();
    if (waiting) { return; }
    waiting = true;
    trouble.hidden = true;
    new Promise(function (resolve) {
      resolve(navigator.credentials[kind]({ publicKey: asked() }));
    }).then(function (found) {
      form.elements.answer.value = answer(found);
      form.submit();
    }).catch(function () {
      waiting = false;
      trouble.hidden = false;
    });
  });
  // Back from a page that did not load.
  window.addEventListener("pageshow", function () { waiting = false; });
  form.hidden = false;
})();
