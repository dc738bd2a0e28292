// Does to circomlibjs's sparse tree what questions.json lists, and prints the root and the path after each step.
import { readFileSync } from "node:fs";
import { newMemEmptyTrie } from "circomlibjs";

const tree = await newMemEmptyTrie();
const text = (element) => tree.F.toObject(element).toString();
const answers = [];
for (const [verb, key, value] of JSON.parse(readFileSync("questions.json"))) {
  const at = BigInt(key);
  if (verb === "insert") await tree.insert(at, BigInt(value));
  if (verb === "update") await tree.update(at, BigInt(value));
  if (verb === "delete") await tree.delete(at);
  const found = await tree.find(at);
  const end = found.found
    ? [key, text(found.foundValue)]
    : found.isOld0 ? null : [text(found.notFoundKey), text(found.notFoundValue)];
  answers.push({ root: text(tree.root), siblings: found.siblings.map(text), end });
}
console.log(JSON.stringify(answers));
process.exit(0); // its worker threads would keep node alive
