// Says so where a form could not be sent for want of a signal; what was typed stays in it.
document.addEventListener("htmx:sendError", function () {
  var note = document.getElementById("offline");
  if (note) { note.hidden = false; note.focus(); }
});
document.addEventListener("htmx:beforeRequest", function () {
  var note = document.getElementById("offline");
  if (note) { note.hidden = true; }
});
// What is typed into a register stays in sight, however long it is.
document.addEventListener("input", function (event) {
  var typed = event.target;
  if (typed.name !== "value") { return; }
  typed.classList.toggle("long", typed.value.length > 11);
  typed.classList.toggle("longest", typed.value.length > 24);
});
