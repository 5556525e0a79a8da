declare module 'jstat' {
  /** The part of jStat that is used here. */
  const jstat: {
    studentt: {
      /** The value below which Student's t with `df` degrees of freedom lies with the chance `p`. */
      inv(p: number, df: number): number;
    };
  };
  export default jstat;
}
