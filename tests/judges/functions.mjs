// Runs shipped functions in Node.js: reads [[name, event], …] from standard input, writes
// each one's answer, or what it threw, as a JSON array. Run it beside the functions' folder.
let input = '';
for await (const part of process.stdin) input += part;
const answers = [];
for (const [name, event] of JSON.parse(input)) {
  const { handler } = await import(new URL(`lambda/${name}.mjs`, import.meta.url));
  answers.push(await handler(event).catch((error) => ({ thrown: error.name, message: error.message })));
}
console.log(JSON.stringify(answers));
