// Says so where a form could not be sent for want of a signal; what was typed stays in it.
document.addEventListener("htmx:sendError", function () {
  var note = document.getElementById("offline");
  if (note) { note.hidden = false; note.focus(); }
});
document.addEventListener("htmx:beforeRequest", function () {
  var note = document.getElementById("offline");
  if (note) { note.hidden = true; }
});
