/** Extensions for the tests of negotiation: they agree to anything but the parameter `no`, and claim what they are told. */
import type { AgreedExtension, ClientExtension, ExtensionOffer, ServerExtension } from '../../src/protocol/extension.ts'

export function agree(response: ExtensionOffer, rsv: number): AgreedExtension {
  const create = (): never => {
    throw new Error('nothing here opens a connection')
  }
  return { response, rsv, create }
}

function refuses({ parameters }: ExtensionOffer): boolean {
  return parameters.some(([name]) => name === 'no')
}

export function serverExtension(name: string, rsv: number): ServerExtension {
  return { name, accept: (offer) => (refuses(offer) ? undefined : agree(offer, rsv)) }
}

export function clientExtension(name: string, rsv: number): ClientExtension {
  return {
    name,
    offers: [{ name, parameters: [] }],
    confirm: (response) => (refuses(response) ? 'the parameter no was not offered' : agree(response, rsv)),
  }
}
