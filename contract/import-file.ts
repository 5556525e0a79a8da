import { pathToFileURL } from 'node:url';

/**
 * Imports a module by its absolute path, which is known only when the program runs. A program that was built
 * (host/built/) has another form of this file, which knows the modules of the workspace.
 */
export const importFile = (path: string): Promise<unknown> => import(pathToFileURL(path).href);
