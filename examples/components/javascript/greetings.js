export const greetings = {
  greet(name) {
    return `Hello, ${name}!`;
  },

  // What is thrown becomes the `err` of the result.
  summary(numbers) {
    if (numbers.length === 0) throw "no numbers";
    const sum = numbers.reduce((total, number) => total + number, 0);
    return { count: numbers.length, mean: sum / numbers.length, largest: numbers.reduce((a, b) => Math.max(a, b)) };
  },
};
