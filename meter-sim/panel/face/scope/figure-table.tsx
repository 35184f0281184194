/** What a picture shows, as a table: for those who read figures, and for those who do not see the picture. */
import type { ComponentChildren } from 'preact';

interface FigureTableProps {
  readonly summary: string;
  readonly heads: readonly string[];
  /** The rows. */
  readonly children: ComponentChildren;
}

export function FigureTable({ summary, heads, children }: FigureTableProps) {
  return (
    <details>
      <summary>{summary}</summary>
      <div class="scrolling">
        <table>
          <thead>
            <tr>
              {heads.map((head) => (
                <th key={head} scope="col">
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>{children}</tbody>
        </table>
      </div>
    </details>
  );
}
