// A button copies the words of another element. Where the clipboard is closed, the words are marked, to be copied by hand.

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const words = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(words.textContent);
      button.querySelector("span").textContent = button.dataset.done;
    } catch {
      getSelection().selectAllChildren(words);
      words.focus();
    }
  });
}
