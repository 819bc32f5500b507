// Copy and share buttons: they show themselves only where they work.
(function () {
  var note = document.getElementById("copied-note");
  function copy(button) {
    navigator.clipboard.writeText(button.getAttribute("data-copy")).then(function () {
      var before = button.textContent;
      note.textContent = button.textContent = note.getAttribute("data-copied");
      setTimeout(function () { button.textContent = before; note.textContent = ""; }, 2500);
    });
  }
  if (navigator.clipboard && navigator.clipboard.writeText) {
    var buttons = document.querySelectorAll("[data-copy]");
    for (var i = 0; i < buttons.length; i += 1) {
      buttons[i].hidden = false;
      buttons[i].addEventListener("click", function () { copy(this); });
    }
  }
  var share = document.getElementById("share");
  if (!share || !navigator.canShare || !window.File || !window.fetch) { return; }
  fetch(share.getAttribute("data-picture"), { credentials: "same-origin" }).then(function (answer) {
    return answer.blob();
  }).then(function (picture) {
    var file = new File([picture], share.getAttribute("data-name"), { type: "image/png" });
    if (!navigator.canShare({ files: [file] })) { return; }
    share.hidden = false;
    share.addEventListener("click", function () {
      navigator.share({ files: [file] }).catch(function () { /* the person closed the sheet */ });
    });
  });
})();
