/** Witnesses as files: what the browser is given, and what it keeps for its user. */

/** @returns null where no file was chosen; what is in it is the server's to judge. */
export async function witnessIn(fields: FormData, name: string): Promise<unknown> {
  const file = fields.get(name);
  if (!(file instanceof File) || file.size === 0) return null;
  try {
    return JSON.parse(await file.text());
  } catch {
    return {};
  }
}

export function download(name: string, text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
