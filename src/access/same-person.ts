/**
 * Whether two ids name one person, whichever client they came through. Clients write ids as people typed them,
 * so case, width, spaces and characters that nobody sees don't make a second person; when in doubt it is the same
 * one.
 */
export function isSamePerson(a: string, b: string): boolean {
  return folded(a) === folded(b);
}

function folded(id: string): string {
  return id
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[\s\p{Default_Ignorable_Code_Point}]/gu, '');
}
