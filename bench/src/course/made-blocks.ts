import type { Random } from './random.ts'

/** A component and the files it consists of. */
export interface LeafBlock {
  type: string
  name: string
  files: { path: string; content: string }[]
}

/** Of 100 components, about so many are of each type in real courses. */
const SHARES = [
  ['html', 52],
  ['problem', 32],
  ['video', 10],
  ['discussion', 6],
] as const

/** A component of a type and a size as courses have them. */
export function leafBlock(random: Random): LeafBlock {
  let draw = random.below(100)
  const [type] = SHARES.find(([, share]) => {
    draw -= share
    return draw < 0
  }) ?? ['html']
  const name = random.name()
  const title = random.title()
  return { type, name, files: makers[type](random, name, title) }
}

type Maker = (random: Random, name: string, title: string) => LeafBlock['files']

const makers: Readonly<Record<(typeof SHARES)[number][0], Maker>> = {
  html: (random, name, title) => [
    { path: `html/${name}.xml`, content: `<html filename="${name}" display_name="${title}"/>\n` },
    {
      path: `html/${name}.html`,
      content: Array.from(
        { length: 2 + random.below(8) },
        () => `<p>${random.words(30)} <em>${random.words(4)}</em>.</p>\n`,
      ).join(''),
    },
  ],
  problem: (random, name, title) => [
    {
      path: `problem/${name}.xml`,
      content: `<problem display_name="${title}" max_attempts="2" weight="1.0">
  <multiplechoiceresponse>
    <p>${random.words(25)}</p>
    <label>${random.words(12)}?</label>
    <choicegroup type="MultipleChoice">
${Array.from({ length: 4 }, (_, index) => `      <choice correct="${index === 1}">${random.words(6)}</choice>\n`).join('')}    </choicegroup>
    <solution><div class="detailed-solution"><p>${random.words(40)}</p></div></solution>
  </multiplechoiceresponse>
</problem>
`,
    },
  ],
  video: (_random, name, title) => [
    {
      path: `video/${name}.xml`,
      content: `<video display_name="${title}" youtube_id_1_0="" html5_sources="[&quot;https://media.example.org/${name}.mp4&quot;]">
  <source src="https://media.example.org/${name}.mp4"/>
</video>
`,
    },
  ],
  discussion: (random, name, title) => [
    {
      path: `discussion/${name}.xml`,
      content: `<discussion display_name="${title}" discussion_category="${random.title()}" discussion_id="${name}" discussion_target="${title}"/>\n`,
    },
  ],
}
