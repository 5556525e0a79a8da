import { expect, it } from 'vitest';
import { diffBlock } from './diff.ts';

it('reads a git patch by file and by line', () => {
  const { files, omitted, whole } = diffBlock(
    'diff --git a/sae/a.ts b/sae/a.ts\nnew file mode 100644\n--- /dev/null\n+++ b/sae/a.ts\n@@ -0,0 +1,2 @@\n+--- one\n kept\n-old\n\\ No newline at end of file\ndiff --git a/x.png b/x.png\nBinary files a/x.png and b/x.png differ\n',
    'sprints/a/change.patch',
  );
  expect([omitted, whole]).toEqual([0, 'sprints/a/change.patch']);
  expect(files[0]).toEqual({
    path: 'sae/a.ts',
    note: 'new file',
    lines: [
      { k: 'hunk', v: '@@ -0,0 +1,2 @@' },
      { k: 'add', v: '--- one' },
      { k: 'keep', v: 'kept' },
      { k: 'remove', v: 'old' },
    ],
  });
  expect(files[1]).toMatchObject({
    path: 'x.png',
    note: 'Binary files a/x.png and b/x.png differ',
    lines: [],
  });
});

it('caps lines and columns, and says how much is left out', () => {
  const patch = `diff --git a/a b/a\n@@ -1 +1 @@\n${`+${'x '.repeat(5000)}\n`.repeat(1000)}`;
  const { files, omitted } = diffBlock(patch, 'x');
  expect(files[0].lines).toHaveLength(320);
  expect(omitted).toBe(681);
  expect(files[0].lines[1].v.length).toBeLessThan(210);
  expect(diffBlock('no patch at all', 'x').files).toEqual([]);
});
