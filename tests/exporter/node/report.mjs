// Asks for the version and the tools, makes the calls and prints what came of it as one JSON object.
export async function report(client, calls) {
  const version = client.getNegotiatedProtocolVersion?.() ?? null;
  const { tools } = await client.listTools();
  const answers = [];
  for (const { tool, arguments: values } of calls) {
    answers.push(await client.callTool({ name: tool, arguments: values }));
  }
  await client.close();
  console.log(JSON.stringify({ version, tools, answers }));
}
