// node-llama-cpp's prebuilt llama.cpp as a peer: one JSON request a line, `{"prompt", "max_tokens"}`, and for
// each `{"seconds", "first_s", "completion_tokens", "prompt_tokens"}`. Found from the working folder.
import {createRequire} from "node:module";
import {createInterface} from "node:readline";
import {cpus} from "node:os";
import {pathToFileURL} from "node:url";

const [modelPath, window] = process.argv.slice(2);
const say = (value) => process.stdout.write(JSON.stringify(value) + "\n");
const began = performance.now();
const found = createRequire(process.cwd() + "/here.js").resolve("node-llama-cpp");
const {getLlama} = await import(pathToFileURL(found));
const llama = await getLlama({build: "never", gpu: false, progressLogs: false});
const model = await llama.loadModel({modelPath});
const context = await model.createContext({contextSize: Number(window), threads: cpus().length});
const sequence = context.getSequence();
say({load_s: (performance.now() - began) / 1000});

for await (const line of createInterface({input: process.stdin})) {
    const {prompt, max_tokens} = JSON.parse(line);
    const tokens = model.tokenize(prompt, true);
    const start = performance.now();
    let first = 0, written = 0;
    await sequence.adaptStateToTokens(tokens.slice(0, -1), false);
    const unread = tokens.slice(sequence.nextTokenIndex);
    for await (const _ of sequence.evaluate(unread, {temperature: 0})) {
        written += 1;
        first ||= performance.now();
        if (written >= max_tokens)
            break;
    }
    const seconds = (performance.now() - start) / 1000;
    const first_s = first ? (first - start) / 1000 : seconds;
    say({seconds, first_s, completion_tokens: written, prompt_tokens: tokens.length});
}
process.exit(0);
