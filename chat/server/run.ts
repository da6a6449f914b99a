/** `node chat/dist/server/run.js`: the program for containers and services, which build beforehand. */
import { main } from './main.ts'

await main()
