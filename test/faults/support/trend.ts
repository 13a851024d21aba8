/** One figure of a service over the time of a soak. */
export interface Trend {
  readonly first: number;
  readonly last: number;
  readonly median: number;
  /** By the line that fits the samples best: how much it grew from the first to the last, relative to the median. */
  readonly growth: number;
}

/** @param samples taken at even intervals, at least two */
export function trendOf(samples: readonly number[]): Trend {
  const median = samples.toSorted((a, b) => a - b)[Math.floor(samples.length / 2)]!;
  const meanAt = (samples.length - 1) / 2;
  const mean = samples.reduce((sum, sample) => sum + sample, 0) / samples.length;
  const covariance = samples.reduce((sum, sample, at) => sum + (at - meanAt) * (sample - mean), 0);
  const variance = samples.reduce((sum, _, at) => sum + (at - meanAt) ** 2, 0);
  const rise = (covariance / variance) * (samples.length - 1);
  return { first: samples[0]!, last: samples.at(-1)!, median, growth: median === 0 ? rise : rise / median };
}

const BARS = '▁▂▃▄▅▆▇█';

/** The course of the samples between their least and their greatest, one character each. */
export function sparkline(samples: readonly number[]): string {
  const least = Math.min(...samples);
  const range = Math.max(...samples) - least;
  return samples
    .map((sample) => BARS[range === 0 ? 0 : Math.round(((sample - least) / range) * (BARS.length - 1))])
    .join('');
}
