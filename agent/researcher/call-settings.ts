import { FEATURES, type Feature } from './connect/features.ts';
import type { Connection } from './connection.ts';
import type { CacheTtl, Price } from './prices.ts';

/** How the calls of a conversation are made. None of these settings is a part of its prefix. */
export interface CallSettings {
  model: string;
  price: Price;
  /** The model to use after a refusal; null where there is none, or it is already in use. */
  fallback: { model: string; price: Price } | null;
  /** The optional API features that the calls use. */
  features: ReadonlySet<Feature>;
  /** How long the API keeps the prompt in its cache. */
  cacheTtl: CacheTtl;
  /**
   * The context was full: all old tool results that can be cleared are, so that there is room to close the
   * sprint.
   */
  closing: boolean;
}

/**
 * The settings that a conversation begins with: all features except those that the connection is known to
 * lack. `web`: whether its tools include the web.
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
 * The same settings with the fallback model, for the rest of the conversation: the first model would refuse
 * again. Null where there is no fallback.
 */
export function onFallback(settings: CallSettings): CallSettings | null {
  return settings.fallback && { ...settings, ...settings.fallback, fallback: null };
}

/** For each feature, the features that depend on it. */
const WITH: Partial<Record<Feature, readonly Feature[]>> = {
  clearing: ['compaction'],
  marks: ['autoCache', 'hour'],
  thinking: ['binding', 'display'],
};

/** The same settings without a feature that the API does not support, and without those that depend on it. */
export function without(settings: CallSettings, feature: Feature): CallSettings {
  const gone: readonly Feature[] = [feature, ...(WITH[feature] ?? [])];
  const left = [...settings.features].filter((other) => !gone.includes(other));
  return { ...settings, features: new Set(left), cacheTtl: gone.includes('hour') ? '5m' : settings.cacheTtl };
}
