// Adds a button to each example that copies it. Without this script the text can be selected.
for (const example of document.querySelectorAll('pre[data-copy]')) {
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'plain'
  button.textContent = example.dataset.copy
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(example.textContent)
    button.textContent = `${example.dataset.copy} ✓`
  })
  example.after(button)
}
