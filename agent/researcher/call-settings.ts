import { FEATURES, type Feature } from './connect/features.ts';
import type { Connection } from './connection.ts';
import type { CacheTtl, Price } from './prices.ts';

/** How the calls of a conversation are made, beside what it says. None of this is a part of its prefix. */
export interface CallSettings {
  model: string;
  price: Price;
  /** Who is asked once more where the model refuses; null: nobody, or it is already asked. */
  fallback: { model: string; price: Price } | null;
  /** What is asked for beyond a plain call. */
  features: ReadonlySet<Feature>;
  /** How long the API keeps what it has read. */
  cacheTtl: CacheTtl;
  /** The context was full: everything is cleared that can be, so that there is room for closing words. */
  closing: boolean;
}

/**
 * A conversation begins with all that the connection is not known to lack. `web`: whether its tools have the
 * web.
 */
export function firstCallSettings(
  { model, price, fallback, lacks }: Connection,
  cacheTtl: CacheTtl,
  web: boolean,
): CallSettings {
  const asked = FEATURES.filter(
    (feature) => !lacks.has(feature) && (web || (feature !== 'web' && feature !== 'toolChanges')),
  );
  const features = new Set(asked);
  return {
    ...{ model, price, fallback, features, closing: false },
    cacheTtl: features.has('hour') ? cacheTtl : '5m',
  };
}

/**
 * The same conversation with the model that is asked when the first one refuses, from here on: it would
 * refuse again.
 */
export function onFallback(settings: CallSettings): CallSettings | null {
  return settings.fallback && { ...settings, ...settings.fallback, fallback: null };
}

/** What is nothing without another feature. */
const WITH: Partial<Record<Feature, readonly Feature[]>> = {
  clearing: ['compaction'],
  marks: ['autoCache', 'hour'],
  thinking: ['binding', 'display'],
};

/** The same without a feature that is not known there. */
export function without(settings: CallSettings, feature: Feature): CallSettings {
  const gone: readonly Feature[] = [feature, ...(WITH[feature] ?? [])];
  const left = [...settings.features].filter((other) => !gone.includes(other));
  return { ...settings, features: new Set(left), cacheTtl: gone.includes('hour') ? '5m' : settings.cacheTtl };
}
