// The official Node SDKs as judges. SDKS is the folder with their node_modules/.
//
//   SDKS=folder/ node sdk_node.mjs BASE_URL < cases.json > heard.json
//
// The same cases and words as in sdk_py.py.
import { readFileSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';

const load = createRequire(process.env.SDKS);
const { default: Anthropic } = load('@anthropic-ai/sdk');
const { default: OpenAI } = load('openai');
const { GoogleGenAI } = load('@google/genai');

const base = process.argv[2];
const messages = [{ role: 'user', content: 'hi' }];
const claude = new Anthropic({ apiKey: 'sk-x', baseURL: base, maxRetries: 0 });
const gpt = new OpenAI({ apiKey: 'sk-x', baseURL: `${base}/v1`, maxRetries: 0 });
const gemini = new GoogleGenAI({ apiKey: 'AIza', httpOptions: { baseUrl: base } });

const of = (list, type) => list.filter((one) => one.type === type);
const sum = (texts) => texts.map((text) => text ?? '').join('');

async function byAnthropic(headers, stream) {
  const asked = { model: 'm', max_tokens: 9, messages };
  const message = stream
    ? await claude.messages.stream(asked, { headers }).finalMessage()
    : await claude.messages.create(asked, { headers });
  const { usage, content } = message;
  const cached = usage.cache_read_input_tokens ?? 0;
  const written = usage.cache_creation_input_tokens ?? 0;
  return {
    text: sum(of(content, 'text').map((block) => block.text)),
    thinking: sum(of(content, 'thinking').map((block) => block.thinking)),
    calls: of(content, 'tool_use').map((block) => [block.name, block.input]),
    end: message.stop_reason,
    tokens: [usage.input_tokens + cached + written, cached, usage.output_tokens],
  };
}

async function byChat(headers, stream) {
  const asked = { model: 'm', messages };
  let thinking = '';
  let completion;
  if (stream) {
    const events = gpt.chat.completions.stream({ ...asked, stream_options: { include_usage: true } }, { headers });
    for await (const chunk of events) thinking += chunk.choices[0]?.delta?.reasoning_content ?? '';
    completion = await events.finalChatCompletion();
  } else {
    completion = await gpt.chat.completions.create(asked, { headers });
    thinking = completion.choices[0].message.reasoning_content ?? '';
  }
  const [{ message, finish_reason: end }] = completion.choices;
  const usage = completion.usage;
  return {
    text: message.content ?? '',
    thinking,
    calls: (message.tool_calls ?? []).map((call) => [call.function.name, JSON.parse(call.function.arguments)]),
    end,
    tokens: usage ? [usage.prompt_tokens, usage.prompt_tokens_details.cached_tokens, usage.completion_tokens] : null,
  };
}

async function summed(asked, headers) {
  const events = gpt.responses.stream(asked, { headers });
  for await (const event of events) {
    if (event.type === 'response.incomplete' || event.type === 'response.failed') return event.response;
  }
  return events.finalResponse();
}

async function byResponses(headers, stream) {
  const asked = { model: 'm', input: 'hi' };
  const response = stream ? await summed(asked, headers) : await gpt.responses.create(asked, { headers });
  if (response.error) throw new Error(response.error.message);
  const { usage, output } = response;
  const content = of(output, 'message').flatMap((item) => item.content);
  return {
    text: sum(of(content, 'output_text').map((part) => part.text)),
    thinking: sum(of(output, 'reasoning').flatMap((item) => item.summary.map((part) => part.text))),
    calls: of(output, 'function_call').map((item) => [item.name, JSON.parse(item.arguments)]),
    end: response.incomplete_details?.reason ?? response.status,
    tokens: usage ? [usage.input_tokens, usage.input_tokens_details.cached_tokens, usage.output_tokens] : null,
  };
}

async function byGemini(headers, stream) {
  const asked = { model: 'm', contents: 'hi', config: { httpOptions: { headers } } };
  const chunks = [];
  if (stream) {
    for await (const chunk of await gemini.models.generateContentStream(asked)) chunks.push(chunk);
  } else {
    chunks.push(await gemini.models.generateContent(asked));
  }
  const candidates = chunks.flatMap((chunk) => chunk.candidates ?? []);
  const parts = candidates.flatMap((one) => one.content?.parts ?? []);
  const usage = chunks.at(-1).usageMetadata;
  return {
    text: sum(parts.filter((part) => !part.thought).map((part) => part.text)),
    thinking: sum(parts.filter((part) => part.thought).map((part) => part.text)),
    calls: parts.filter((part) => part.functionCall).map(({ functionCall: { name, args } }) => [name, args]),
    end: candidates.at(-1).finishReason,
    tokens: usage
      ? [
          usage.promptTokenCount,
          usage.cachedContentTokenCount ?? 0,
          (usage.candidatesTokenCount ?? 0) + (usage.thoughtsTokenCount ?? 0),
        ]
      : null,
  };
}

const judges = {
  anthropic: byAnthropic,
  openai_chat: byChat,
  openai_responses: byResponses,
  gemini: byGemini,
};

async function judge({ n, dialect, stream }) {
  try {
    return { n, ...(await judges[dialect]({ 'x-case': String(n) }, stream)) };
  } catch (e) {
    return { n, error: `${e.constructor.name}: ${String(e.message).slice(0, 300)}` };
  }
}

process.on('unhandledRejection', () => {}); // accumulators reject promises that nobody asked for
const heard = [];
for (const one of JSON.parse(readFileSync(0))) heard.push(await judge(one));
const told = Buffer.from(JSON.stringify(heard));
for (let at = 0; at < told.length; at += writeSync(1, told, at));
process.exit(0);
