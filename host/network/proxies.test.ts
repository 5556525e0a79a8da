import { describe, expect, it } from 'vitest';
import { UserError } from '#contract/errors';
import { proxiesOf } from './proxies.ts';

describe('proxiesOf', () => {
  it('lets lower case win, and set to nothing it says "none"', () => {
    const env = {
      HTTPS_PROXY: 'http://upper.example:1',
      https_proxy: 'http://lower.example:2',
      NO_PROXY: 'a',
      no_proxy: 'b',
    };
    expect(proxiesOf(env).proxies).toEqual({ https: 'http://lower.example:2', http: '', none: 'b' });
    expect(proxiesOf({ HTTPS_PROXY: 'http://upper.example:1', https_proxy: '' }).proxies.https).toBe('');
  });

  it('takes ALL_PROXY for what has none of its own', () => {
    const env = { ALL_PROXY: 'http://all.example:1', HTTPS_PROXY: 'http://own.example:2' };
    expect(proxiesOf(env).proxies).toMatchObject({
      https: 'http://own.example:2',
      http: 'http://all.example:1',
    });
  });

  it('leaves a SOCKS proxy of ALL_PROXY to other programs, and says so', () => {
    const { proxies, notes } = proxiesOf({ ALL_PROXY: 'socks5h://127.0.0.1:1080' });
    expect(proxies).toEqual({ https: '', http: '', none: '' });
    expect(notes).toEqual([expect.stringMatching(/^ALL_PROXY names a SOCKS proxy.*set HTTPS_PROXY/)]);
    const both = proxiesOf({ ALL_PROXY: 'socks5h://127.0.0.1:1080', HTTPS_PROXY: 'http://own.example:2' });
    expect(both.notes).toEqual(['connections go through the proxy own.example:2 of HTTPS_PROXY']);
  });

  it('notes the proxy without its password, and that some hosts are left out', () => {
    const { notes } = proxiesOf({
      http_proxy: 'http://me:secret@proxy.example:3128/',
      NO_PROXY: 'x.example',
    });
    expect(notes).toEqual([
      'connections go through the proxy proxy.example:3128 of http_proxy, except for hosts of NO_PROXY',
    ]);
    expect(proxiesOf({}).notes).toEqual([]);
  });

  it.each([
    'proxy.example:3128',
    'proxy.example',
    'socks5://secret@proxy.example:1080',
    'ftp://secret@proxy.example',
    'http://me:sec%ret@proxy.example',
    'http://',
    'http://proxy.example:secret',
    'http://proxy.ex ample',
  ])('refuses %j without printing it', (value) => {
    for (const name of ['HTTPS_PROXY', 'http_proxy']) {
      const attempt = () => proxiesOf({ [name]: value });
      expect(attempt).toThrow(UserError);
      expect(attempt).toThrow(new RegExp(`^${name} is not the address of an http proxy(?!.*sec)`));
    }
  });
});
