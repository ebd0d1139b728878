import { type Dictionaries, inLanguage } from '../words/language';

/** What only the page says, besides what the views in it say. */
const en = {
  skip: 'Skip to the run',
  showList: 'Show the runs',
  hideList: 'Hide the runs',
  resizeList: 'Width of the list',
  dark: 'Use dark colours',
  light: 'Use light colours',
  chooseTitle: 'Choose a run.',
  choose: 'Its curves, checkpoints and settings appear here. Ctrl-click several to compare them.',
  firstTitle: 'No runs yet.',
  first: 'Begin with an example: a small network that learns to read handwritten digits in a minute.',
  firstButton: 'Open the example',
  elsewhere: 'Or start one elsewhere; it appears in the list by itself:',
  notLoadedTitle: 'This part of the page could not be loaded.',
  notLoaded: 'The server doesn’t answer, or was updated since the page was opened.',
  reload: 'Reload the page',
  logIn: 'Log in again'
};

type PageWords = typeof en;

const pt: PageWords = {
  skip: 'Ir para a execução',
  showList: 'Mostrar as execuções',
  hideList: 'Ocultar as execuções',
  resizeList: 'Largura da lista',
  dark: 'Usar cores escuras',
  light: 'Usar cores claras',
  chooseTitle: 'Escolha uma execução.',
  choose:
    'Suas curvas, checkpoints e configurações aparecem aqui. Clique com Ctrl em várias para compará-las.',
  firstTitle: 'Ainda não há execuções.',
  first: 'Comece com um exemplo: uma pequena rede que aprende a ler dígitos manuscritos em um minuto.',
  firstButton: 'Abrir o exemplo',
  elsewhere: 'Ou inicie uma em outro lugar; ela aparece na lista sozinha:',
  notLoadedTitle: 'Esta parte da página não pôde ser carregada.',
  notLoaded: 'O servidor não responde, ou foi atualizado depois que a página foi aberta.',
  reload: 'Recarregar a página',
  logIn: 'Entrar novamente'
};

const es: PageWords = {
  skip: 'Ir a la ejecución',
  showList: 'Mostrar las ejecuciones',
  hideList: 'Ocultar las ejecuciones',
  resizeList: 'Ancho de la lista',
  dark: 'Usar colores oscuros',
  light: 'Usar colores claros',
  chooseTitle: 'Elija una ejecución.',
  choose: 'Sus curvas, checkpoints y ajustes aparecen aquí. Haga Ctrl-clic en varias para compararlas.',
  firstTitle: 'Aún no hay ejecuciones.',
  first: 'Empiece con un ejemplo: una red pequeña que aprende a leer dígitos manuscritos en un minuto.',
  firstButton: 'Abrir el ejemplo',
  elsewhere: 'O inicie una en otro lugar; aparece sola en la lista:',
  notLoadedTitle: 'Esta parte de la página no se pudo cargar.',
  notLoaded: 'El servidor no responde, o se actualizó después de abrir la página.',
  reload: 'Recargar la página',
  logIn: 'Iniciar sesión de nuevo'
};

export const PAGE_LANGUAGES: Dictionaries<PageWords> = { en, pt, es };

export function pageWords(language: string): PageWords {
  return inLanguage(PAGE_LANGUAGES, language);
}
