/** Put a text on the clipboard; answers whether that worked. */
export async function copyText(text: string): Promise<boolean> {
  try {
    // Only https and localhost have it.
    if (navigator.clipboard !== undefined) return await navigator.clipboard.writeText(text).then(() => true)
  } catch {
    // Not allowed: the old way may still be.
  }
  const box = document.createElement('textarea')
  box.value = text
  document.body.append(box)
  box.select()
  const isCopied = document.execCommand('copy')
  box.remove()
  return isCopied
}
