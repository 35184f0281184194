/** Figures with their names: all of them always, for what comes must not move what is below. */

interface FigureListProps {
  readonly figures: readonly (readonly [name: string, value: string])[];
}

export function FigureList({ figures }: FigureListProps) {
  return (
    <dl class="figures">
      {figures.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
