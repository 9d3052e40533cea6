// A WASI command by way of the wasi-shim: prints its arguments in capitals.
for (let i = 1; i < process.argv.length; i++) {
  console.log(process.argv[i].toUpperCase());
}
process.exit(process.argv.length - 1);
