// Light or dark as the reader's system is, also when that changes.
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const shade = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", shade);
shade();

SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#api",
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "list",
  filter: true,
  persistAuthorization: false, // a token is kept in this page, and nowhere else
  tryItOutEnabled: false,
  validatorUrl: null, // nothing is sent to anybody else
  onComplete: () => {
    const title = document.querySelector(".swagger-ui .info .title");
    if (title) document.title = title.firstChild.textContent.trim() + " API";
  },
});
