import ts from 'typescript';

/** An environment variable as the configuration class declares it. */
export interface DeclaredVariable {
  readonly name: string;
  /** As it would be written in the environment; null where the class sets none. */
  readonly fallback: string | null;
  readonly requiredInProduction: boolean;
}

const CLASS = 'EnvironmentVariables';

/**
 * Reads the variables out of the source of environment-variables.ts, which decorators keep from being loaded
 * without a build.
 * @throws Error when the source does not have the form that is expected: an empty answer would let every
 *   document pass.
 */
export function declaredVariables(source: string): DeclaredVariable[] {
  const file = ts.createSourceFile('environment-variables.ts', source, ts.ScriptTarget.Latest, true);
  const declaration = file.statements.find(
    (statement): statement is ts.ClassDeclaration =>
      ts.isClassDeclaration(statement) && statement.name?.text === CLASS,
  );
  const variables = declaration?.members.filter(ts.isPropertyDeclaration).map(declaredVariable) ?? [];
  if (variables.length === 0) throw new Error(`there is no class ${CLASS} with properties`);
  return variables;
}

function declaredVariable(property: ts.PropertyDeclaration): DeclaredVariable {
  const name = property.name.getText();
  return {
    name,
    fallback: property.initializer === undefined ? null : literalText(property.initializer, name),
    requiredInProduction: (ts.getDecorators(property) ?? []).some(
      ({ expression }) =>
        ts.isCallExpression(expression) && expression.expression.getText() === 'RequiredInProduction',
    ),
  };
}

function literalText(initializer: ts.Expression, name: string): string {
  if (ts.isStringLiteral(initializer) || ts.isNumericLiteral(initializer)) return initializer.text;
  throw new Error(`the default of ${name} is neither a text nor a number`);
}
