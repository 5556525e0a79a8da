/**
 * Modules of the workspace that read files or import by name, of which it is known what: files of
 * `experiments/`, `architectures/` and `addons/`, the run's own files, and folders that SAELens saved. Each
 * with the digest of its code: one that was changed may read something else.
 */
export const known: Readonly<Record<string, string>> = {
  'sae/import.ts': '8c6a87582cc072257e3818e733c6352b515e8c85a9bb47433b62b53a58a72788',
  'sae/load.ts': '8b3625cf5549370d8f34bbe9965409aeb49e63d837121c20a165f4729f2b17ed',
  'sae/saelens/file.ts': '0e0a22b92a9a5d9d4ad1d233457e2534e1e9af2fb313434e8bf685dc17d0e32e',
  'sae/saelens/registry.ts': '3be5ab9e164a6ef882ac5e560ab0554925f8017f0f76dfe7e880a1814784ea16',
  'sae/trainer/checkpoint.ts': '22dbd0c12985e16db2b46c4cb5ba5c81be48d0d86c31a302c9d7f91095898ccc',
  'sae/trainer/progress.ts': '2f1d24f4e1e45b868c9e9ba23a9e50fbd7fade785cbe278e1ec981e1d91561fa',
  'sae/trainer/resume.ts': '88f3918d814e0602a7d9a47564f595fd9ba19ae4c254c6a7f6e7aad814a4ae48',
};
