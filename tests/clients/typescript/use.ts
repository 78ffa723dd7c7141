// What a publication would write against the types of the document. It is type-checked, and run against a gateway.
import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "./hansard.js";

type Schemas = components["schemas"];
type Events = Schemas["FollowThreadEvents"];

const { HANSARD_URL: url = "", HANSARD_ADA: ada = "", HANSARD_BEN: ben = "" } = process.env;
const path = { site: "kew", thread: "palm-house" };

function clientOf(token?: string) {
  const client = createClient<paths>({ baseUrl: url });
  const bearer: Middleware = {
    onRequest({ request }) {
      if (token !== undefined) request.headers.set("Authorization", `Bearer ${token}`);
    },
  };
  client.use(bearer);
  return client;
}

function sure<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error("there should be something here");
  return value;
}

/** The events of a feed up to the first of a kind, each with the type that its name has. */
async function* follow(after: string): AsyncGenerator<{ [E in keyof Events]: [E, Events[E]] }[keyof Events]> {
  const answer = await fetch(`${url}/v1/sites/${path.site}/threads/${path.thread}/feed?after=${after}`);
  let held = "";
  for await (const chunk of sure(answer.body).pipeThrough(new TextDecoderStream())) {
    held += chunk;
    for (let end = held.indexOf("\n\n"); end >= 0; end = held.indexOf("\n\n")) {
      const lines = held.slice(0, end).split("\n");
      held = held.slice(end + 2);
      const field = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
      const event = field("event") as keyof Events | undefined;
      if (event !== undefined) yield [event, JSON.parse(sure(field("data")))] as never;
    }
  }
}

const anyone = clientOf();
const asAda = clientOf(ada);
const asBen = clientOf(ben);

const page = sure((await anyone.GET("/v1/sites/{site}/threads/{thread}", { params: { path } })).data);
const next: string | null = page.next;
const none: number = page.comments.length;

// A field that may be left out is left out.
const words: Schemas["PostComment"] = { body: "The Senat voted." };
const posted = await asAda.POST("/v1/sites/{site}/threads/{thread}/comments", {
  params: { path, header: { "Idempotency-Key": "k1" } },
  body: words,
});
const comment = sure(sure(posted.data).comment).id;
const one = { path: { ...path, comment } };

const voted = await asBen.PUT("/v1/sites/{site}/threads/{thread}/comments/{comment}/vote", {
  params: one,
  body: { value: 1 },
});
await asAda.PATCH("/v1/sites/{site}/threads/{thread}/comments/{comment}", {
  params: { ...one, header: { "If-Match": '"1"' } },
  body: { body: "The Senate voted.", reason: "Typo" },
});
const history = await anyone.GET("/v1/sites/{site}/threads/{thread}/comments/{comment}/revisions", {
  params: { ...one, query: { diff: "words" } },
});
const reported = await asBen.POST("/v1/sites/{site}/threads/{thread}/comments/{comment}/reports", {
  params: one,
  body: { reason: "abuse" },
});
const refused = await asAda.PUT("/v1/sites/{site}/threads/{thread}/comments/{comment}/vote", {
  params: one,
  body: { value: 1 },
});
const problem: Schemas["Problem"] = sure(refused.error);

const told: string[] = [];
for await (const [event, data] of follow(page.thread.position)) {
  told.push(event);
  if (event === "comment.edited") {
    const body: string | null = data.row.body;
    told.push(sure(body));
    break;
  }
}

const policy = sure((await anyone.GET("/v1/sites/{site}/threads/{thread}/policy", { params: { path } })).data);
const most: number = policy.max_body;

console.log(
  JSON.stringify({
    none,
    next,
    most,
    told,
    score: voted.data?.comment?.votes?.score,
    texts: history.data?.revisions.map((revision) => revision.body),
    added: history.data?.revisions[1]?.diff?.find(([sign]) => sign === "+")?.[1],
    reported: reported.response.status,
    problem: problem.type,
  }),
);
process.exit(0);

// What must not pass the type check; each of these lines is an error, or the check fails.
export function wrong(author: Schemas["Author"], vote: Schemas["CastVote"], events: Events): unknown[] {
  // @ts-expect-error an author may have no id
  const id: string = author.id;
  // @ts-expect-error a vote is 1, 0 or -1
  const value: Schemas["CastVote"] = { value: 2 };
  // @ts-expect-error a comment has a body
  const empty: Schemas["PostComment"] = {};
  // @ts-expect-error a comment that was removed may be gone
  const row: Schemas["FeedRow"] = events["comment.removed"].row;
  // @ts-expect-error a revision may be left out
  const revision: number = vote.revision;
  // @ts-expect-error there is no such status
  const status: Schemas["SetStatus"] = { status: "shut" };
  return [id, value, empty, row, revision, status];
}
