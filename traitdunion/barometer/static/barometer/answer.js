// Say it when a change could not be saved: the answers stay on the page, and the button sends them.
function tell() {
  const saved = document.getElementById("saved");
  saved.classList.add("ba-saved--no");
  saved.textContent =
    "Non enregistré : la connexion manque. Vos réponses restent sur cette page ; le bouton ci-dessous les enverra.";
}

document.addEventListener("htmx:sendError", tell);
document.addEventListener("htmx:responseError", tell);
