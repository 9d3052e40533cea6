// A core module without imports: a few hundred bytes.
export function gauss(n: i64): i64 {
  return n * (n + 1) / 2;
}

export function hypot(a: f64, b: f64): f64 {
  return Math.sqrt(a * a + b * b);
}
