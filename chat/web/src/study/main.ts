import { createApp } from 'vue'
import StudyPage from './StudyPage.vue'
import '../state/preferences.ts'
import '../styles/base.css'

createApp(StudyPage).mount('#app')
